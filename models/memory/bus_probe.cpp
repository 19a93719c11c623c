#include "memory/bus_probe.h"

#include <algorithm>

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

std::string_view to_string(TamperKind kind) {
    switch (kind) {
        case TamperKind::flip: return "flip";
        case TamperKind::splice: return "splice";
        case TamperKind::replay: return "replay";
    }
    return "unknown";
}

namespace {

[[noreturn]] void refuse(const TamperAction& action, std::string_view what, std::string_view accepted) {
    throw InputError(fmt::format("tamper action {}", to_string(action.kind)), what, accepted);
}

std::size_t total_size(const std::vector<MemoryBlock>& blocks) {
    std::size_t size = 0;
    for (const MemoryBlock& block : blocks) size += block.size;
    return size;
}

void check(const TamperAction& action) {
    if (action.blocks.empty()) refuse(action, "no blocks", "at least one");
    for (const MemoryBlock& block : action.blocks)
        if (block.size == 0 || block.size - 1 > ~Address{0} - block.address)
            refuse(action, fmt::format("a block of {} bytes at {:#x}", block.size, block.address), "at least one byte, within 64-bit addresses");
    switch (action.kind) {
        case TamperKind::flip:
            if (action.mask.size() != total_size(action.blocks))
                refuse(action, fmt::format("a mask of {} bytes", action.mask.size()),
                       fmt::format("the {} bytes of the blocks", total_size(action.blocks)));
            if (all_zero(action.mask)) refuse(action, "a mask without a bit", "at least one bit set");
            break;
        case TamperKind::splice:
            if (action.blocks.size() % 2 != 0) refuse(action, "an odd number of blocks", "pairs");
            for (std::size_t i = 0; i < action.blocks.size(); i += 2)
                if (action.blocks[i].size != action.blocks[i + 1].size)
                    refuse(action, fmt::format("blocks of {} and {} bytes", action.blocks[i].size, action.blocks[i + 1].size), "equal sizes");
            break;
        case TamperKind::replay:
            if (action.record_after >= action.after)
                refuse(action, fmt::format("bytes recorded after {} accesses and replayed after {}", action.record_after, action.after),
                       "an earlier recording");
            break;
    }
}

}  // namespace

std::size_t BusProbe::add(TamperAction action) {
    check(action);
    const std::size_t number = actions_.size();
    if (action.kind == TamperKind::replay) steps_.insert({action.record_after, {number, true}});
    steps_.insert({action.after, {number, false}});
    actions_.push_back(std::move(action));
    recorded_.emplace_back();
    outcomes_.emplace_back();
    carry_out_due();
    return number;
}

void BusProbe::carry_out_due() {
    while (!steps_.empty() && steps_.begin()->first <= accesses()) {
        const Step step = steps_.begin()->second;
        steps_.erase(steps_.begin());
        carry_out(step);
    }
    next_ = steps_.empty() ? never : steps_.begin()->first;
}

void BusProbe::carry_out(const Step& step) {
    const TamperAction& action = actions_[step.action];
    if (step.record) {
        recorded_[step.action] = read(action.blocks);
        return;
    }
    bool changed = false;
    switch (action.kind) {
        case TamperKind::flip: changed = flip(action); break;
        case TamperKind::splice: changed = splice(action); break;
        case TamperKind::replay: changed = put(action.blocks, recorded_[step.action]); break;
    }
    outcomes_[step.action] = {true, changed, accesses()};
}

bool BusProbe::flip(const TamperAction& action) {
    Bytes bytes = read(action.blocks);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= action.mask[i];
    return put(action.blocks, bytes);
}

bool BusProbe::splice(const TamperAction& action) {
    bool changed = false;
    for (std::size_t i = 0; i < action.blocks.size(); i += 2) {
        const MemoryBlock& one = action.blocks[i];
        const MemoryBlock& other = action.blocks[i + 1];
        const Bytes bytes = read({one, other});
        changed |= overwrite(one, bytes.data() + one.size);
        changed |= overwrite(other, bytes.data());
    }
    return changed;
}

bool BusProbe::put(const std::vector<MemoryBlock>& blocks, const Bytes& bytes) {
    bool changed = false;
    std::size_t offset = 0;
    for (const MemoryBlock& block : blocks) {
        changed |= overwrite(block, bytes.data() + offset);
        offset += block.size;
    }
    return changed;
}

Bytes BusProbe::read(const std::vector<MemoryBlock>& blocks) {
    Bytes bytes(total_size(blocks));
    std::size_t offset = 0;
    for (const MemoryBlock& block : blocks) {
        store_.read(block.address, bytes.data() + offset, block.size);
        offset += block.size;
    }
    return bytes;
}

bool BusProbe::overwrite(const MemoryBlock& block, const std::uint8_t* bytes) {
    // Bytes that are there already are left alone: a tampering without effect must not bring frames into being.
    const Bytes present = read({block});
    if (std::equal(present.begin(), present.end(), bytes)) return false;
    store_.write(block.address, bytes, block.size);
    return true;
}

void BusProbe::collect(StatisticsGroup& group) const {
    group.add("reads", accesses_[0], "accesses");
    group.add("read_bytes", bytes_[0], "B");
    group.add("writes", accesses_[1], "accesses");
    group.add("write_bytes", bytes_[1], "B");
    const auto count = [&](auto&& predicate) { return static_cast<std::uint64_t>(std::count_if(outcomes_.begin(), outcomes_.end(), predicate)); };
    group.add("tamper_actions", std::uint64_t{actions_.size()}, "1");
    group.add("tamper_done", count([](const TamperOutcome& outcome) { return outcome.done; }), "1");
    group.add("tamper_changed", count([](const TamperOutcome& outcome) { return outcome.changed; }), "1");
}

}  // namespace coffer
