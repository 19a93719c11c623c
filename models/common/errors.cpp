#include "common/errors.h"

namespace coffer {

namespace {

std::string one_line(std::string_view where, std::string_view what, std::string_view accepted) {
    std::string text;
    if (!where.empty()) text.append(where).append(": ");
    text.append(what);
    if (!accepted.empty()) text.append(" (accepted: ").append(accepted).append(")");
    return text;
}

}  // namespace

InputError::InputError(std::string_view where, std::string_view what, std::string_view accepted)
    : std::runtime_error(one_line(where, what, accepted)) {}

}  // namespace coffer
