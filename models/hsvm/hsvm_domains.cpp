#include "hsvm/hsvm_domains.h"

#include <stdexcept>
#include <utility>

#include "common/errors.h"

namespace coffer {

std::optional<Bytes> HsvmDomains::tree(Vmid vmid) {
    try {
        const auto nodes = hsvm_.nodes(vmid);
        return nodes ? std::optional<Bytes>(encode_nodes(*nodes)) : std::nullopt;
    } catch (const ChipRegionFailure&) {
        return std::nullopt;
    }
}

bool HsvmDomains::installed(Vmid vmid) const {
    try {
        return hsvm_.exists(vmid);
    } catch (const ChipRegionFailure&) {
        return true;
    }
}

std::vector<TreeNode> HsvmDomains::read_nodes(const BytesSource& brought, const VmInstall& vm) const {
    const TreeGeometry geometry(vm.pages, memory_.scheme().node_tag_bytes);
    const InputError bad("tree", "not the nodes of the vector's tree", "what came with the vector");
    if (brought.size() > most_node_bytes(geometry)) throw bad;
    const std::optional<Bytes> bytes = brought.take(0, brought.size());
    if (!bytes) throw UnreadableTree();
    auto nodes = decode_nodes(*bytes, geometry);
    if (!nodes || nodes->empty() != (vm.root == empty_tag)) throw bad;
    return std::move(*nodes);
}

void HsvmDomains::install(const VmInstall& vm) {
    const std::optional<BytesSource> brought = std::exchange(brought_, std::nullopt);
    if (vm.addr_shim == 0) throw InputError("vm_vector", "a VM without shim", "Addr_shim, with the context pages behind it");
    if (vm.pages > NestedPageTable::max_pages) throw InputError("vm_vector", "too many pages", "up to 2^36");
    const std::vector<TreeNode> nodes = read_nodes(brought.value_or(BytesSource(ByteView())), vm);
    try {
        VmInstall domain = vm;
        domain.tree_base = 0;
        const std::optional<Vmid> made = hsvm_.adopt(domain, nodes);
        if (!made) throw InputError("pages", "no room in the chip region, or for the tree");
        if (*made != vm.vmid) throw std::logic_error("a VMID that is not the lowest free one");
    } catch (const ChipRegionFailure&) {
        throw InputError("vmid", "a check failed in the chip region");
    }
}

std::optional<SettledTree> HsvmDomains::flush(Vmid vmid) {
    try {
        return hsvm_.flush(vmid);
    } catch (const ChipRegionFailure&) {
        return std::nullopt;
    }
}

std::optional<SealableVm> HsvmDomains::made_here(Vmid vmid) {
    try {
        return hsvm_.made_here(vmid);
    } catch (const ChipRegionFailure&) {
        return std::nullopt;
    }
}

void HsvmDomains::uninstall(Vmid vmid) {
    try {
        hsvm_.disown(vmid);
    } catch (const ChipRegionFailure&) {
        // Nothing goes on in such a chip.
    }
}

}  // namespace coffer
