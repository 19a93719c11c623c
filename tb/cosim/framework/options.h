#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace coffer::cosim {

/// What a bench's command line and environment ask for.
struct Options {
    std::uint64_t seed = 0;      ///< --seed, else COFFER_SEED, else the seed in RC_PARAMS as for the property tests, else another one each time
    std::size_t transfers = 0;   ///< --transfers: of each scenario; 0: the block's own number
    std::string wave;            ///< --wave: FST file of the RTL
    std::string record;          ///< --record: file for what is on the ports in each cycle
    std::string coverage;        ///< COSIM_COVERAGE: folder for the coverage counts of each test; none if empty

    /// Throws InputError for a seed that is no number.
    static Options from_environment();
};

/// The options of this process.
Options& options();

}  // namespace coffer::cosim
