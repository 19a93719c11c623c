#include "crypto/keys.h"

#include <cryptopp/misc.h>

namespace coffer::crypto {

void wipe(void* data, std::size_t size) { CryptoPP::SecureWipeBuffer(static_cast<CryptoPP::byte*>(data), size); }

}  // namespace coffer::crypto
