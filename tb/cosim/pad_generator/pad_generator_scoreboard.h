#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// Pads and masks by the reference level. Pads that are said to be there before their line is valid must be right already.
class PadGeneratorScoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
    std::string check(const SignalBundle& bundle, const std::vector<Bits>* next_answer) override;
};

}  // namespace coffer::cosim
