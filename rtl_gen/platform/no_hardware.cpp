#include "common/errors.h"
#include "platform/hardware.h"

namespace coffer {

std::shared_ptr<PadHardware> make_pad_hardware(const std::string& where) {
    throw InputError(where, "this program was built without RTL (COFFER_RTL is off)", "tlm");
}

}  // namespace coffer
