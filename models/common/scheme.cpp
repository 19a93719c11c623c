#include "common/scheme.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

std::string_view to_string(MacAlgorithm algorithm) {
    switch (algorithm) {
        case MacAlgorithm::gcm: return "gcm";
        case MacAlgorithm::cmac: return "cmac";
        case MacAlgorithm::hmac_sha1: return "hmac-sha1";
        case MacAlgorithm::hmac_sha256: return "hmac-sha256";
    }
    return "unknown";
}

std::string_view to_string(Integrity integrity) {
    switch (integrity) {
        case Integrity::none: return "none";
        case Integrity::mac: return "mac";
        case Integrity::bmt: return "bmt";
    }
    return "unknown";
}

std::string_view to_string(OnViolation on_violation) { return on_violation == OnViolation::freeze ? "freeze" : "report"; }
std::string_view to_string(Verification verification) { return verification == Verification::precise ? "precise" : "lazy"; }

namespace {

void check_tag(std::string_view key, unsigned bytes, std::string_view mac_key, MacAlgorithm mac) {
    if (bytes != 4 && bytes != 8 && bytes != 16 && bytes != 32) throw InputError(key, fmt::format("{} bytes is no tag size", bytes), "4, 8, 16, 32");
    if (bytes > mac_bytes(mac))
        throw InputError(key, fmt::format("{} bytes are more than {} {} gives", bytes, mac_key, to_string(mac)),
                         fmt::format("at most {}", mac_bytes(mac)));
}

}  // namespace

void Scheme::check(OnViolation on_violation) const {
    if (node_mac == MacAlgorithm::gcm) throw InputError("node_mac", "gcm is for data tags only", "cmac, hmac-sha1, hmac-sha256");
    check_tag("tag_bytes", tag_bytes, "data_mac", data_mac);
    check_tag("node_tag_bytes", node_tag_bytes, "node_mac", node_mac);
    if (short_tags() && on_violation == OnViolation::report)
        throw InputError("on_violation", "report lets a forger of 4 or 8 byte tags try again and again", "freeze, or tags of 16 bytes and more");
}

}  // namespace coffer
