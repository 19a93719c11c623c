#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/bytes.h"
#include "common/units.h"
#include "crypto/keys.h"

namespace coffer::crypto {

/// 96-bit initialization vector of a line.
using Iv = std::array<std::uint8_t, 12>;

/// AES-128 under one K_data, used for the pads of lines. Keyed once per VM, never per line.
class PadCipher {
public:
    explicit PadCipher(const Key128& k_data);
    ~PadCipher();
    PadCipher(PadCipher&&) noexcept;
    PadCipher& operator=(PadCipher&&) noexcept;

    /// Pads of `lines` lines: 80 bytes each, pad chunk c = AES(iv | be32(c + 2)) for c = 0..3, then the tag mask AES(iv | be32(1)).
    /// One call to the cipher for all blocks (SP 800-38D, 6.5 and 7.1).
    void generate(const Iv* ivs, std::size_t lines, std::uint8_t* pads) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// GHASH of one line under one K_data (SP 800-38D, 6.4), the library's own. One thread at a time: hash() works inside the keyed object.
class LineGhash {
public:
    explicit LineGhash(const Key128& k_data);
    ~LineGhash();
    LineGhash(LineGhash&&) noexcept;
    LineGhash& operator=(LineGhash&&) noexcept;

    /// 16 bytes as two little-endian words: in registers, since bytes in memory that were just stored would have to be waited for.
    struct Words {
        std::uint64_t low;
        std::uint64_t high;
    };

    /// GHASH of 16 bytes of additional data, 64 bytes of ciphertext and the length block; xored with the tag mask it is the GCM tag.
    Words hash(Words additional_data, const std::uint8_t* ciphertext) const;
    /// The same from and to bytes.
    Block16 hash(const Block16& additional_data, const std::uint8_t* ciphertext) const {
        const Words words = hash(Words{load_le64(additional_data.data()), load_le64(additional_data.data() + 8)}, ciphertext);
        Block16 result;
        store_le64(result.data(), words.low);
        store_le64(result.data() + 8, words.high);
        return result;
    }

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace coffer::crypto
