#include "aise/counter_block.h"

namespace coffer {

CounterBlock CounterBlock::fresh(Lpid lpid) {
    CounterBlock block;
    store_le64(block.bytes_.data(), lpid);
    return block;
}

void CounterBlock::set_minor(unsigned line, unsigned value) {
    const unsigned bit = minor_bits * line;
    std::uint8_t* byte = bytes_.data() + lpid_bytes + bit / 8;
    const unsigned shift = bit % 8;
    const auto replace = [](std::uint8_t& target, unsigned mask, unsigned bits) {
        target = static_cast<std::uint8_t>((target & ~mask) | (bits & mask));
    };
    // A counter that starts at bit 0 or 1 of a byte ends in that byte; the last one does, so that nothing behind the block is touched.
    replace(byte[0], (last_minor << shift) & 0xff, value << shift);
    if (shift > 1) replace(byte[1], last_minor >> (8 - shift), value >> (8 - shift));
}

}  // namespace coffer
