#include "cosim/counter_block/counter_block_traffic.h"

#include <initializer_list>

#include "aise/counter_block.h"

namespace coffer::cosim {

namespace {

std::uint64_t any_of(Random& random, std::initializer_list<std::uint64_t> values) { return values.begin()[random() % values.size()]; }

CounterBlock any_block(Random& random, Lpid lpid, unsigned line) {
    CounterBlock block = CounterBlock::fresh(lpid);
    const std::uint64_t unwritten = any_of(random, {0, ~std::uint64_t{0}, random()});
    for (unsigned i = 0; i < lines_per_page; ++i)
        if ((unwritten >> i & 1) == 0) block.set_minor(i, static_cast<unsigned>(any_of(random, {0, 1, CounterBlock::last_minor - 1, CounterBlock::last_minor, random() % 128})));
    // The line is often at its last count, or one bit away from it, so that a comparison that leaves out a bit is seen.
    if (chance(random, 0.3)) block.set_minor(line, CounterBlock::last_minor);
    else if (chance(random, 0.3)) block.set_minor(line, CounterBlock::last_minor ^ 1U << random() % 7);
    return block;
}

}  // namespace

Traffic counter_block_traffic(Random& random, std::size_t transfers) {
    Traffic traffic;
    for (std::size_t i = 0; i < transfers; ++i) {
        const auto line = static_cast<unsigned>(random() % lines_per_page);
        const std::uint64_t chip = any_of(random, {1, 0xffff, random() % 0x10000});
        const Lpid floor = chip << 48 | any_of(random, {1, 1000, random() >> 16});
        const Lpid lpid = any_of(random, {floor, floor - 1, floor + 1, random(), chip << 48 | random() >> 16, 0});
        Transfer transfer;
        transfer.channel = "in";
        transfer.fields = {Bits(2, random() % 4), Bits::from_little_endian(any_block(random, lpid, line).bytes()), Bits(6, line), Bits(64, random()),
                           Bits(64, floor),       Bits(16, chip)};
        traffic.push_back(transfer);
    }
    return traffic;
}

}  // namespace coffer::cosim
