#include "platform/hardware.h"

#include "ghash_rtl.h"
#include "pad_generator_rtl.h"

namespace coffer {

std::shared_ptr<PadHardware> make_pad_hardware(const std::string&) { return std::make_shared<PadGeneratorRtl>(); }

std::shared_ptr<crypto::GhashHardware> make_ghash_hardware(const std::string&) { return std::make_shared<GhashRtl>(); }

}  // namespace coffer
