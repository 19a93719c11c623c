#pragma once

#include <optional>
#include <vector>

#include "cosim/framework/scoreboard.h"
#include "crypto/line_cipher.h"

namespace coffer::cosim {

/// Tags of lines by the reference level, which takes K_data and makes the hash subkey itself: a key transfer has K_data aside.
class GhashScoreboard : public Scoreboard {
public:
    explicit GhashScoreboard(unsigned multipliers) : additional_data_(16 * (multipliers - 1)), line_bytes_(multipliers * 16 + 64) {}

    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
    void reset() override { line_.clear(); }

private:
    const std::size_t additional_data_;  // where it begins in the transfers of a line
    const std::size_t line_bytes_;       // of all transfers
    std::optional<crypto::LineGhash> ghash_;
    Bytes line_;  // what was accepted of it
};

}  // namespace coffer::cosim
