#include "cosim/counter_block/counter_block_scoreboard.h"

#include <algorithm>

#include "aise/chip_number.h"
#include "aise/counter_block.h"

namespace coffer::cosim {

namespace {

enum class Operation : std::uint64_t { extract, next, overflow, shred };

}  // namespace

std::optional<std::vector<Bits>> CounterBlockScoreboard::predict(const Transfer& accepted) {
    const auto operation = static_cast<Operation>(accepted.fields[0].to_u64());
    CounterBlock block;
    const Bytes bytes = accepted.fields[1].to_little_endian();
    std::copy(bytes.begin(), bytes.end(), block.bytes().begin());
    const auto line = static_cast<unsigned>(accepted.fields[2].to_u64());
    const Lpid fresh_lpid = accepted.fields[3].to_u64();
    const Lpid floor = accepted.fields[4].to_u64();
    const std::uint64_t chip = accepted.fields[5].to_u64();

    const bool next = operation == Operation::next;
    const bool at_end = next && block.minor(line) == CounterBlock::last_minor;
    const bool stale = next && (block.lpid() < floor || chip_of(block.lpid()) != chip);
    std::uint64_t reencrypt = 0;
    if (at_end || stale || operation == Operation::overflow)
        for (unsigned other = 0; other < lines_per_page; ++other)
            if (other != line && block.minor(other) != 0) reencrypt |= std::uint64_t{1} << other;

    if (next && !at_end && !stale) block.set_minor(line, block.minor(line) + 1);
    if (operation == Operation::overflow || operation == Operation::shred) block = CounterBlock::fresh(fresh_lpid);
    if (operation == Operation::overflow)
        for (unsigned other = 0; other < lines_per_page; ++other)
            if (other == line || (reencrypt >> other & 1) != 0) block.set_minor(other, 1);

    return std::vector<Bits>{Bits::from_little_endian(block.bytes()), Bits(64, block.lpid()), Bits(7, block.minor(line)), Bits(1, at_end ? 1 : 0),
                             Bits(1, stale ? 1 : 0),                  Bits(64, reencrypt)};
}

}  // namespace coffer::cosim
