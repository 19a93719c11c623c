#pragma once

#include <fstream>
#include <string>

#include "cosim/framework/signal_bundle.h"

namespace coffer::cosim {

/// What is on all ports but the clock in each cycle, as text: a line that begins with `inputs` and one that begins with `outputs`, each with
/// name:width for every port, then a line for each cycle with their values in that order, in hexadecimal digits.
/// scripts/mutate replays it against mutants of the RTL.
class PinRecording {
public:
    /// Throws InputError where the file cannot be written.
    PinRecording(const std::string& path, SignalBundle& bundle);

    /// Adds the values of this cycle, as the SystemC level has them just before the clock edge.
    void add_cycle();

private:
    std::vector<const Port*> ports_;
    std::ofstream file_;
};

}  // namespace coffer::cosim
