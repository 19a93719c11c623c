#include "memory/protected_memory_domains.h"

#include <stdexcept>

namespace coffer {

std::optional<SettledTree> ProtectedMemoryDomains::flush(Vmid vmid) {
    const std::uint64_t violations = memory_.violations().count();
    try {
        const NodeTag root = memory_.flush(vmid);
        if (memory_.violations().frozen(vmid) || memory_.violations().count() != violations) return std::nullopt;
        return SettledTree{root, memory_.entry(vmid).tree_base};
    } catch (const std::runtime_error&) {
        return std::nullopt;  // its entry failed its check
    }
}

}  // namespace coffer
