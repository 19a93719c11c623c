#pragma once

#include <cstdint>
#include <string_view>

namespace coffer {

/// The MAC of data tags (all four) and of tree nodes (all but gcm).
enum class MacAlgorithm : std::uint8_t { gcm, cmac, hmac_sha1, hmac_sha256 };
enum class Integrity : std::uint8_t { none, mac, bmt };
enum class OnViolation : std::uint8_t { freeze, report };
enum class Verification : std::uint8_t { precise, lazy };

std::string_view to_string(MacAlgorithm algorithm);
std::string_view to_string(Integrity integrity);
std::string_view to_string(OnViolation on_violation);
std::string_view to_string(Verification verification);

/// Bytes that a MAC gives before truncation: 16 (gcm, cmac), 20 (hmac-sha1), 32 (hmac-sha256).
constexpr unsigned mac_bytes(MacAlgorithm algorithm) {
    return algorithm == MacAlgorithm::hmac_sha1 ? 20 : algorithm == MacAlgorithm::hmac_sha256 ? 32 : 16;
}

/// What protects memory: one set for all domains of a platform.
struct Scheme {
    bool encrypt = true;  ///< false: every domain is plain and nothing is checked
    Integrity integrity = Integrity::bmt;
    MacAlgorithm data_mac = MacAlgorithm::gcm;
    MacAlgorithm node_mac = MacAlgorithm::cmac;
    unsigned tag_bytes = 16;       ///< 4, 8, 16 or 32, at most what data_mac gives
    unsigned node_tag_bytes = 16;  ///< 4, 8, 16 or 32, at most what node_mac gives

    /// Whether a tag is so short that forging one by trial is feasible: for storage and performance studies only.
    bool short_tags() const { return tag_bytes < 16 || node_tag_bytes < 16; }
    /// Throws InputError for tag sizes that do not fit their MACs, gcm for nodes, and short tags that do not stop the VM they fail for.
    void check(OnViolation on_violation) const;
};

}  // namespace coffer
