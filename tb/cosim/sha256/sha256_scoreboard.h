#pragma once

#include <optional>
#include <vector>

#include "cosim/framework/scoreboard.h"

namespace coffer::cosim {

/// Digests of whole messages by the reference level, which has no hash values between the blocks of one.
/// A message's last block has the message aside.
class Sha256Scoreboard : public Scoreboard {
public:
    std::optional<std::vector<Bits>> predict(const Transfer& accepted) override;
};

}  // namespace coffer::cosim
