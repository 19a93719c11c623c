#include "crypto/aes.h"

#include <stdexcept>

#include <cryptopp/aes.h>

namespace coffer::crypto {

Block16 aes_encrypt_block(ByteView key, const Block16& block) {
    if (key.size != 16 && key.size != 32) throw std::invalid_argument("AES takes a key of 16 or 32 bytes");
    const CryptoPP::AES::Encryption aes(key.data, key.size);
    Block16 encrypted;
    aes.ProcessBlock(block.data(), encrypted.data());
    return encrypted;
}

}  // namespace coffer::crypto
