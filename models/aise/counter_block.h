#pragma once

#include <cstdint>

#include "common/bytes.h"
#include "common/units.h"
#include "crypto/line_cipher.h"

namespace coffer {

/// The 64 bytes that hold a page's LPID and the 7-bit minor counters of its 64 lines (Rogers et al., MICRO 2007, figure 3).
class CounterBlock {
public:
    static constexpr unsigned minor_bits = 7;
    /// A line at this count overflows when it is written again: 127 writes under one LPID.
    static constexpr unsigned last_minor = (1u << minor_bits) - 1;

    CounterBlock() = default;
    explicit CounterBlock(const Block64& bytes) : bytes_(bytes) {}
    /// A page under a new LPID: no line was ever written.
    static CounterBlock fresh(Lpid lpid);

    Lpid lpid() const { return load_le64(bytes_.data()); }
    /// LPID 0 is invalid, so a block without LPID stands for a page that was never used.
    bool empty() const { return lpid() == 0; }
    /// Writes of `line` (0 to 63) under this LPID; 0 = never written.
    unsigned minor(unsigned line) const {
        // Two bytes, of which the second is the one that the counter ends in: they lie within the block for every line, and no branch is needed.
        const unsigned last_bit = minor_bits * line + minor_bits - 1;
        const unsigned bytes = load_le16(bytes_.data() + lpid_bytes + last_bit / 8 - 1);
        return bytes >> (last_bit % 8 + 9 - minor_bits) & last_minor;
    }
    void set_minor(unsigned line, unsigned value);
    /// Whether any line was written under this LPID.
    bool any_written() const { return !all_zero({bytes_.data() + lpid_bytes, line_bytes - lpid_bytes}); }

    const Block64& bytes() const { return bytes_; }
    Block64& bytes() { return bytes_; }

private:
    static constexpr unsigned lpid_bytes = 8;
    Block64 bytes_{};
};

/// IV of a line: LPID | 32-bit word minor + 128 * line.
inline crypto::Iv make_iv(Lpid lpid, unsigned minor, unsigned line) {
    crypto::Iv iv;
    store_le64(iv.data(), lpid);
    store_le32(iv.data() + 8, minor + (line << CounterBlock::minor_bits));
    return iv;
}

}  // namespace coffer
