#include "platform/hardware.h"

#include "pad_generator_rtl.h"

namespace coffer {

std::shared_ptr<PadHardware> make_pad_hardware(const std::string&) { return std::make_shared<PadGeneratorRtl>(); }

}  // namespace coffer
