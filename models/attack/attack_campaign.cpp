#include "attack/attack_campaign.h"

#include <stdexcept>

#include <fmt/format.h>

namespace coffer {

AttackCampaign::AttackCampaign(const sc_core::sc_module_name& name, const std::vector<AttackCase>& cases, std::uint64_t seed,
                               const std::function<void(MachineParameters&)>& change)
    : sc_module(name), seed_(seed) {
    for (const AttackCase& one : cases) {
        MachineParameters parameters;
        parameters.configuration = one.configuration;
        parameters.integrity = one.integrity;
        parameters.seed = seed;
        if (change) change(parameters);
        Stage stage;
        stage.what = one;
        const auto name_of = [this](std::string_view which) { return fmt::format("{}_{}", which, stages_.size()); };
        stage.nonvolatile = std::make_unique<MemoryNonVolatile>(ChipNumber(1));
        stage.machine = std::make_unique<MachineTlm>(name_of("machine").c_str(), parameters, *stage.nonvolatile);
        if (one.attack->two_machines) {
            stage.other_nonvolatile = std::make_unique<MemoryNonVolatile>(ChipNumber(2));
            stage.other = std::make_unique<MachineTlm>(name_of("other_machine").c_str(), parameters, *stage.other_nonvolatile);
        }
        stages_.push_back(std::move(stage));
    }
    SC_THREAD(carry_out);
    set_stack_size(1 << 20);
}

std::vector<AttackReport> AttackCampaign::run() {
    sc_core::sc_start();
    if (failure_) std::rethrow_exception(failure_);
    if (reports_.size() != stages_.size()) throw std::logic_error("an attack waits for something that never happens");
    return std::move(reports_);
}

void AttackCampaign::carry_out() {
    // An exception must not pass through the kernel.
    try {
        for (const Stage& stage : stages_) {
            AttackScene scene(*stage.machine, seed_, stage.other.get());
            const sc_core::sc_time begin = scene.now();
            stage.what.attack->carry_out(scene);
            const sc_core::sc_time time = scene.now() - begin;
            reports_.push_back({stage.what, scene.judge(stage.what.attack->aim), time});
        }
    } catch (...) {
        failure_ = std::current_exception();
    }
}

}  // namespace coffer
