#include "attack/bus_adversary.h"

#include <stdexcept>

#include "bmt/tree_geometry.h"

namespace coffer {

Bytes BusAdversary::read(const std::vector<MemoryBlock>& blocks) {
    Bytes bytes;
    for (const MemoryBlock& block : blocks) {
        bytes.resize(bytes.size() + block.size);
        machine_.dram.memory().read(block.address, bytes.data() + bytes.size() - block.size, block.size);
    }
    return bytes;
}

void BusAdversary::overwrite(const std::vector<MemoryBlock>& blocks, const Bytes& bytes) {
    if (read(blocks) == bytes) throw std::logic_error("the adversary on the bus changes nothing");
    put(blocks, bytes);
}

void BusAdversary::put(const std::vector<MemoryBlock>& blocks, const Bytes& bytes) {
    std::size_t at = 0;
    for (const MemoryBlock& block : blocks) {
        machine_.dram.memory().write(block.address, bytes.data() + at, block.size);
        at += block.size;
    }
}

void BusAdversary::exchange(const std::vector<MemoryBlock>& some, const std::vector<MemoryBlock>& others) {
    const Bytes bytes = read(some);
    overwrite(some, read(others));
    overwrite(others, bytes);
}

void BusAdversary::copy_page(std::uint64_t from, std::uint64_t to) { put(page(to), read(page(from))); }

BusAdversary::Image BusAdversary::image() {
    Image image;
    for (const std::uint64_t frame : machine_.dram.memory().frame_numbers()) {
        const std::uint8_t* const content = machine_.dram.memory().frame(frame);
        image.emplace(frame, Bytes(content, content + page_bytes));
    }
    return image;
}

void BusAdversary::restore(const Image& image) {
    const Bytes zeros(page_bytes);
    for (const std::uint64_t frame : machine_.dram.memory().frame_numbers()) {
        const auto then = image.find(frame);
        machine_.dram.memory().write(frame * page_bytes, (then != image.end() ? then->second : zeros).data(), page_bytes);
    }
}

std::vector<MemoryBlock> BusAdversary::data_and_tag(Address hpa) const {
    std::vector<MemoryBlock> blocks = data(hpa);
    if (machine_.rules().encrypt && machine_.protection.scheme().integrity != Integrity::none)
        blocks.push_back({machine_.protection.map().tag_of(hpa), machine_.protection.map().tag_bytes()});
    return blocks;
}

std::vector<MemoryBlock> BusAdversary::line_and_counters(Address hpa) const {
    std::vector<MemoryBlock> blocks = data_and_tag(hpa);
    if (machine_.rules().encrypt) blocks.push_back({machine_.protection.map().counter_of(hpa), line_bytes});
    return blocks;
}

std::vector<MemoryBlock> BusAdversary::page(std::uint64_t frame) const {
    const AddressMap& map = machine_.protection.map();
    const Address hpa = frame * page_bytes;
    std::vector<MemoryBlock> blocks{{hpa, page_bytes}};
    if (!machine_.rules().encrypt) return blocks;
    if (machine_.protection.scheme().integrity != Integrity::none) blocks.push_back({map.tag_of(hpa), lines_per_page * map.tag_bytes()});
    blocks.push_back({map.counter_of(hpa), line_bytes});
    return blocks;
}

std::vector<MemoryBlock> BusAdversary::tree(Address base, std::uint64_t pages) const {
    return {{base, static_cast<std::size_t>(TreeGeometry(pages, machine_.protection.scheme().node_tag_bytes).bytes())}};
}

std::vector<MemoryBlock> BusAdversary::everything(Vmid vmid, Address gpa, Address hpa) {
    std::vector<MemoryBlock> blocks = line_and_counters(hpa);
    if (!machine_.rules().encrypt || machine_.protection.scheme().integrity != Integrity::bmt) return blocks;
    const VmEntry& entry = *machine_.protection.vm_table.entry(vmid);
    const TreeGeometry tree(entry.pages, machine_.protection.scheme().node_tag_bytes);
    std::uint64_t index = page_of(gpa);
    for (unsigned level = 1; level <= tree.levels(); ++level) {
        index /= tree.arity();
        blocks.push_back({entry.tree_base + tree.offset_of(level, index), line_bytes});
    }
    return blocks;
}

}  // namespace coffer
