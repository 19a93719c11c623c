// Kills processes that run two chips over files, at any moment, and looks what they left (docs/verification.md).

#include <csignal>
#include <cstdio>
#include <map>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "kill/campaign.h"

namespace {

namespace fs = std::filesystem;
using coffer::kill::Campaign;
using coffer::kill::Fault;

void print(const Campaign::Counts& counts) {
    std::printf("%llu kills, while:", static_cast<unsigned long long>(counts.kills));
    for (std::size_t i = 0; i < counts.killed.size(); ++i)
        std::printf("%s %s %llu", i == 0 ? "" : ",", std::string(coffer::kill::phase_names[i]).c_str(), static_cast<unsigned long long>(counts.killed[i]));
    std::printf("\n%llu LPIDs, none twice; %llu snapshots restored; %llu migrations arrived, %llu VMs lost under way; %llu damaged files refused\n",
                static_cast<unsigned long long>(counts.lpids), static_cast<unsigned long long>(counts.restored),
                static_cast<unsigned long long>(counts.arrived), static_cast<unsigned long long>(counts.lost),
                static_cast<unsigned long long>(counts.damaged_files));
}

/// True where nothing is wrong and every phase was hit.
bool run(Campaign& campaign, std::uint64_t kills) {
    while (campaign.counts().kills < kills || !campaign.every_phase_was_hit()) {
        if (campaign.counts().kills > 20 * kills) {
            print(campaign.counts());
            std::printf("no kill hit some of the phases\n");
            return false;
        }
        campaign.round();
    }
    print(campaign.counts());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t kills = 200;
    std::uint64_t seed = 1;
    Fault fault = Fault::none;
    const std::map<std::string, Fault> faults{{"none", Fault::none},
                                              {"forgotten_gpc", Fault::forgotten_gpc},
                                              {"register_first", Fault::register_first},
                                              {"late_register", Fault::late_register},
                                              {"unchecked_gpc", Fault::unchecked_gpc}};
    CLI::App options("Kills chips at any moment, and looks what they left");
    options.add_option("--kills", kills, "How many, at least");
    options.add_option("--seed", seed, "Of everything that is drawn; the moments of kills are the machine's");
    options.add_option("--fault", fault, "A fault of the chips, which must be found")->transform(CLI::CheckedTransformer(faults));
    CLI11_PARSE(options, argc, argv);

    std::signal(SIGPIPE, SIG_IGN);
    const fs::path scratch = ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
    const fs::path directory = scratch / ("coffer_kill_" + std::to_string(::getpid()));
    fs::create_directories(directory);
    bool good = false;
    try {
        std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
        std::fflush(stdout);
        Campaign campaign(directory, seed, fault);
        const bool clean = run(campaign, kills);
        good = clean && fault == Fault::none;
        if (clean && fault != Fault::none) std::printf("the fault was not found\n");
    } catch (const std::exception& error) {
        std::printf("found: %s\n", error.what());
        good = fault != Fault::none;
    }
    fs::remove_all(directory);
    return good ? 0 : 1;
}
