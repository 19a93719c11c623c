#pragma once

#include <optional>
#include <vector>

#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// Tags by the reference level (docs/formats.md, section 4). A derived subkey may overtake the tags.
class CmacScoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
    unsigned stream(const Transfer& accepted) const override;
};

}  // namespace coffer::cosim
