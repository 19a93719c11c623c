#include "common/errors.h"

namespace coffer {

namespace {

std::string one_line(std::string_view where, std::string_view what, std::string_view accepted) {
    std::string text;
    if (!where.empty()) text.append(where).append(": ");
    text.append(what);
    if (!accepted.empty()) text.append(" (accepted: ").append(accepted).append(")");
    // What comes from outside, a file's name included, may hold line ends and escape sequences.
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
    return text;
}

}  // namespace

InputError::InputError(std::string_view where, std::string_view what, std::string_view accepted)
    : std::runtime_error(one_line(where, what, accepted)) {}

}  // namespace coffer
