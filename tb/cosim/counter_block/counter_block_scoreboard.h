#pragma once

#include <optional>
#include <vector>

#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// The operations in terms of the reference class (docs/formats.md, section 2).
class CounterBlockScoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
};

}  // namespace coffer::cosim
