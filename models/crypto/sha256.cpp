#include "crypto/sha256.h"

#include <cryptopp/sha.h>

namespace coffer::crypto {

Digest sha256(std::initializer_list<ByteView> parts) {
    CryptoPP::SHA256 hash;
    for (const ByteView& part : parts) hash.Update(part.data, part.size);
    Digest digest;
    hash.Final(digest.data());
    return digest;
}

}  // namespace coffer::crypto
