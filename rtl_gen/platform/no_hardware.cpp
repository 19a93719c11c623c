#include "common/errors.h"
#include "platform/hardware.h"

namespace coffer {

namespace {

[[noreturn]] void refuse(const std::string& where) { throw InputError(where, "this program was built without RTL (COFFER_RTL is off)", "tlm"); }

}  // namespace

std::shared_ptr<PadHardware> make_pad_hardware(const std::string& where) { refuse(where); }

std::shared_ptr<crypto::GhashHardware> make_ghash_hardware(const std::string& where) { refuse(where); }

}  // namespace coffer
