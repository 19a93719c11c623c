#include "cosim/cmac/cmac_subkey.h"

#include "crypto/aes.h"

namespace coffer::cosim {

Block16 cmac_subkey(ByteView key) {
    constexpr unsigned field_polynomial = 0x87;
    const Block16 encrypted_zero = crypto::aes_encrypt_block(key, Block16{});
    Block16 subkey;
    for (std::size_t i = 0; i < subkey.size(); ++i) {
        const unsigned next = i + 1 < subkey.size() ? encrypted_zero[i + 1] : 0u;
        subkey[i] = static_cast<std::uint8_t>(encrypted_zero[i] << 1 | next >> 7);
    }
    if ((encrypted_zero.front() & 0x80) != 0) subkey.back() = static_cast<std::uint8_t>(subkey.back() ^ field_polynomial);
    return subkey;
}

}  // namespace coffer::cosim
