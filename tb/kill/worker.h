#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "kill/station.h"

namespace coffer::kill {

/// What a process of the campaign does.
struct Task {
    std::filesystem::path directory;
    std::array<CampaignVm, vms> vm;
    unsigned chip = 0;
    std::uint64_t seed = 0;
    Fault fault = Fault::none;
    unsigned migrant = vms;  ///< place of the VM that moves from one chip to the other; `vms`: none
    int peer = -1;           ///< socket to the other chip's process
};

/// Boots the chip, takes up its VMs, and lets them run, snapshots and moves included, until it is killed or told to stop.
void work(const Task& task, SharedFacts& facts);

/// Boots both chips after a kill, and finds every VM: the latest snapshot that was accepted installs and holds what it should, no other one does, and no VM is
/// on two chips. Where they are is in `facts`. Throws std::runtime_error that says what is wrong.
void check(const Task& task, SharedFacts& facts);

}  // namespace coffer::kill
