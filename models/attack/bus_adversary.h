#pragma once

#include <map>
#include <vector>

#include "common/bytes.h"
#include "memory/bus_probe.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// Somebody with a logic analyser between chip and DRAM, or with the DRAM modules on his desk.
class BusAdversary {
public:
    /// `machine` outlives the object.
    explicit BusAdversary(MachineTlm& machine) : machine_(machine) {}

    /// The bytes of blocks, one after the other.
    Bytes read(const std::vector<MemoryBlock>& blocks);
    /// Puts other bytes there. Throws std::logic_error where they are the same, for then there is no attack.
    void overwrite(const std::vector<MemoryBlock>& blocks, const Bytes& bytes);
    /// Puts bytes there, whatever they are.
    void put(const std::vector<MemoryBlock>& blocks, const Bytes& bytes);
    /// Exchanges blocks of the same sizes.
    void exchange(const std::vector<MemoryBlock>& some, const std::vector<MemoryBlock>& others);
    /// Copies a page from one frame to another with everything that goes with it outside the chip: tags and counter block.
    void copy_page(std::uint64_t from, std::uint64_t to);
    /// All of DRAM, as far as anything was ever written to it: frames by their numbers.
    using Image = std::map<std::uint64_t, Bytes>;
    Image image();
    /// Makes DRAM what it was.
    void restore(const Image& image);

    static std::vector<MemoryBlock> data(Address hpa) { return {{hpa, line_bytes}}; }
    /// A line with its tag.
    std::vector<MemoryBlock> data_and_tag(Address hpa) const;
    /// A line with everything that a tag depends on: tag and counter block.
    std::vector<MemoryBlock> line_and_counters(Address hpa) const;
    /// A line with everything that stands for it outside the chip: tag, counter block, and the nodes of its VM's tree.
    std::vector<MemoryBlock> everything(Vmid vmid, Address gpa, Address hpa);

    /// A page with its tags and its counter block, where it has any.
    std::vector<MemoryBlock> page(std::uint64_t frame) const;
    /// The nodes of a tree.
    std::vector<MemoryBlock> tree(Address base, std::uint64_t pages) const;

private:
    MachineTlm& machine_;
};

}  // namespace coffer
