#include "aise/counter_block.h"

namespace coffer {

CounterBlock CounterBlock::fresh(Lpid lpid) {
    CounterBlock block;
    store_le64(block.bytes_.data(), lpid);
    return block;
}

// A minor counter that starts at bit 0 or 1 of a byte ends in that byte; the last counter does, so no read passes the block.
unsigned CounterBlock::minor(unsigned line) const {
    const unsigned bit = minor_bits * line;
    const std::uint8_t* byte = bytes_.data() + lpid_bytes + bit / 8;
    const unsigned shift = bit % 8;
    unsigned value = static_cast<unsigned>(*byte) >> shift;
    if (shift > 1) value |= static_cast<unsigned>(byte[1]) << (8 - shift);
    return value & last_minor;
}

void CounterBlock::set_minor(unsigned line, unsigned value) {
    const unsigned bit = minor_bits * line;
    std::uint8_t* byte = bytes_.data() + lpid_bytes + bit / 8;
    const unsigned shift = bit % 8;
    const auto replace = [](std::uint8_t& target, unsigned mask, unsigned bits) {
        target = static_cast<std::uint8_t>((target & ~mask) | (bits & mask));
    };
    replace(byte[0], (last_minor << shift) & 0xff, value << shift);
    if (shift > 1) replace(byte[1], last_minor >> (8 - shift), value >> (8 - shift));
}

}  // namespace coffer
