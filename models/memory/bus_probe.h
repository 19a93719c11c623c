#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "common/byte_store.h"
#include "common/bytes.h"
#include "common/statistics.h"
#include "common/units.h"

namespace coffer {

/// A run of bytes in off-chip memory: a line, a tag, a counter block, a node.
struct MemoryBlock {
    Address address = 0;
    std::size_t size = 0;
};

enum class TamperKind : std::uint8_t {
    flip,    ///< flip the bits of a mask
    splice,  ///< exchange blocks, pair by pair
    replay,  ///< put old bytes back
};
std::string_view to_string(TamperKind kind);

/// One thing that the adversary on the bus does. All blocks of an action change at the same moment, so that a replay of a line's data, tag, counter
/// block and nodes is one action.
struct TamperAction {
    TamperKind kind = TamperKind::flip;
    std::uint64_t after = 0;           ///< carried out after this many bus accesses; 0, or a count already reached: at once
    std::uint64_t record_after = 0;    ///< replay: the old bytes are those after this many bus accesses; less than `after`
    std::vector<MemoryBlock> blocks;   ///< splice: 0 with 1, 2 with 3, ...
    Bytes mask;                        ///< flip: one byte per byte of the blocks, in their order; set bits are flipped
};

/// What became of an action.
struct TamperOutcome {
    bool done = false;
    bool changed = false;     ///< whether any byte became another one
    std::uint64_t after = 0;  ///< bus accesses made when it was done
};

/// The adversary's tap between the chip and DRAM: counts every bus access and tampers with memory as told.
class BusProbe {
public:
    /// `store` is the memory tampered with.
    explicit BusProbe(ByteStore& store) : store_(store) {}

    /// Schedules an action, or carries it out if it is due. Gives its number, from 0. Throws InputError for an action that makes no sense: no blocks,
    /// an empty block or one that wraps, a mask of another length or without a bit, splicing blocks of different lengths or an odd number of them, a
    /// replay recorded no earlier than it is replayed.
    std::size_t add(TamperAction action);

    /// To be called after every bus access, once memory has it.
    void observe(bool write, std::size_t bytes) {
        ++accesses_[write];
        bytes_[write] += bytes;
        if (accesses() >= next_) carry_out_due();
    }

    std::uint64_t accesses() const { return accesses_[0] + accesses_[1]; }
    std::uint64_t reads() const { return accesses_[0]; }
    std::uint64_t writes() const { return accesses_[1]; }
    /// Whether no action waits for its time.
    bool idle() const { return steps_.empty(); }
    /// In the order of the actions' numbers.
    const std::vector<TamperOutcome>& outcomes() const { return outcomes_; }

    /// reads, read_bytes, writes, write_bytes, tamper_actions, tamper_done, tamper_changed.
    void collect(StatisticsGroup& group) const;

private:
    struct Step {
        std::size_t action;
        bool record;
    };

    void carry_out_due();
    void carry_out(const Step& step);
    bool flip(const TamperAction& action);
    bool splice(const TamperAction& action);
    bool put(const std::vector<MemoryBlock>& blocks, const Bytes& bytes);
    Bytes read(const std::vector<MemoryBlock>& blocks);
    bool overwrite(const MemoryBlock& block, const std::uint8_t* bytes);

    static constexpr std::uint64_t never = ~std::uint64_t{0};

    ByteStore& store_;
    std::uint64_t accesses_[2] = {0, 0};  // reads, writes
    std::uint64_t bytes_[2] = {0, 0};
    std::uint64_t next_ = never;
    std::multimap<std::uint64_t, Step> steps_;  // by the number of accesses they wait for
    std::vector<TamperAction> actions_;
    std::vector<Bytes> recorded_;
    std::vector<TamperOutcome> outcomes_;
};

}  // namespace coffer
