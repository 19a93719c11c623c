#pragma once

#include <optional>
#include <vector>

#include "hsvm/hsvm_ports.h"
#include "hsvm/vm_blob.h"

namespace coffer {

/// The nodes of a domain's tree that are not zero, ascending, as memory has them after a flush that gave `root`. Each is checked on the way down:
/// nothing where one is not what its parent vouches for, and a violation was raised.
std::optional<std::vector<TreeNode>> collect_tree(HsvmMemory& memory, const VmEntry& domain, const NodeTag& root, const crypto::Key128& k_node);

}  // namespace coffer
