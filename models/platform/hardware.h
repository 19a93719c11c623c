#pragma once

#include <memory>
#include <string>

#include "aise/pad_hardware.h"
#include "crypto/ghash_hardware.h"

namespace coffer {

/// The pad generator's RTL, for `pad_generator.implementation: rtl`. `where` is the key's place for the message: throws InputError where the program
/// was built without RTL.
std::shared_ptr<PadHardware> make_pad_hardware(const std::string& where);

/// GHASH's RTL, for `ghash.implementation: rtl`; the same.
std::shared_ptr<crypto::GhashHardware> make_ghash_hardware(const std::string& where);

}  // namespace coffer
