#include "common/violation.h"

#include <fmt/format.h>

namespace coffer {

std::string_view to_string(Check check) {
    switch (check) {
        case Check::data_tag: return "data tag";
        case Check::counter_block: return "counter block";
        case Check::tree_node: return "tree node";
        case Check::lost_page: return "lost page";
        case Check::out_of_range: return "out of range";
        case Check::lpid_exhausted: return "LPIDs exhausted";
        case Check::frozen: return "frozen";
    }
    return "unknown";
}

std::string Violation::describe() const {
    std::string text = fmt::format("integrity violation: check={} vmid={} gpa={:#x} hpa={:#x}", to_string(check), vmid, gpa, hpa);
    if (check == Check::tree_node) text += fmt::format(" level={} index={}", level, index);
    return text;
}

}  // namespace coffer
