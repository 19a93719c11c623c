#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cosim/framework/device.h"
#include "cosim/framework/scoreboard.h"
#include "cosim/framework/traffic.h"

namespace coffer::cosim {

/// A block's bench as data: its pieces, and what its hardware promises.
struct CosimBlock {
    std::string name;                                             ///< of the design, and of its tests
    std::function<std::unique_ptr<Device>()> device;              ///< the block at both levels
    std::function<std::unique_ptr<Device>()> mutated_device;      ///< the same with a mutated copy of the RTL
    std::function<Traffic(Random&, std::size_t transfers)> traffic;  ///< random traffic
    std::function<Traffic(Random&, std::size_t transfers)> steady_traffic;  ///< what cycles_sustained promises something about; `traffic` where there is none
    std::function<Traffic()> vectors;                             ///< the standards' vectors; none where no standard has any
    std::function<Traffic()> long_vectors;                        ///< those that take too long for every run; usually none
    std::function<std::unique_ptr<Scoreboard>()> scoreboard;
    std::size_t transfers = 500;      ///< in each scenario
    unsigned cycles_per_session = 20;  ///< how long traffic needs that is not to be torn by resets, so that they leave some of it whole
    std::uint64_t cycles_alone = 0;   ///< promise: an answer comes at most so many cycles after its transfer when nothing else is on the way
    double cycles_sustained = 0;      ///< promise: cycles per answer, back to back
};

/// Each block's bench defines this: it adds its designs.
void add_blocks(std::vector<CosimBlock>& blocks);

/// Makes the tests that every block has.
void register_tests(const std::vector<CosimBlock>& blocks);

}  // namespace coffer::cosim
