#pragma once

#include <optional>
#include <vector>

#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// AES by the reference level.
class AesPipelineScoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
};

}  // namespace coffer::cosim
