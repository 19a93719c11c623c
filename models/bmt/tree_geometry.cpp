#include "bmt/tree_geometry.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

TreeGeometry::TreeGeometry(std::uint64_t pages, unsigned node_tag_bytes) : pages_(pages), arity_(0) {
    if (pages == 0 || pages > max_pages) throw InputError("pages", fmt::format("a domain of {} pages", pages), "1 to 2^40");
    if (node_tag_bytes != 4 && node_tag_bytes != 8 && node_tag_bytes != 16 && node_tag_bytes != 32)
        throw InputError("node_tag_bytes", fmt::format("{} bytes is no tag size", node_tag_bytes), "4, 8, 16, 32");
    arity_ = static_cast<unsigned>(line_bytes) / node_tag_bytes;
    std::uint64_t before = 0;
    std::uint64_t below = pages;
    do {
        below = divide_up(below, arity_);
        nodes_.push_back(below);
        first_.push_back(before);
        before += below;
    } while (below > 1);
}

}  // namespace coffer
