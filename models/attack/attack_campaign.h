#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include <systemc>

#include "attack/attack.h"
#include "common/tlm_process.h"
#include "platform/machine_tlm.h"
#include "vm_table/nonvolatile.h"

namespace coffer {

/// One attack on one machine.
struct AttackCase {
    const Attack* attack = nullptr;
    ProtectionConfiguration configuration = ProtectionConfiguration::none;
    Integrity integrity = Integrity::bmt;
};

struct AttackReport {
    AttackCase what;
    AttackResult result;
    sc_core::sc_time time;  ///< simulated, from the secret's being there to the end
};

/// Carries out attacks one after the other, each on a machine of its own, or two. One simulation, so once per process.
class AttackCampaign : public sc_core::sc_module {
public:
    COFFER_HAS_PROCESS(AttackCampaign);
    /// The attacks outlive the campaign. `change`: what is different about each machine, for tests that weaken it.
    AttackCampaign(const sc_core::sc_module_name& name, const std::vector<AttackCase>& cases, std::uint64_t seed = 1,
                   const std::function<void(MachineParameters&)>& change = {});

    /// In the order of the cases. Throws what an attack throws.
    std::vector<AttackReport> run();

private:
    struct Stage {
        AttackCase what;
        std::unique_ptr<NonVolatile> nonvolatile;
        std::unique_ptr<MachineTlm> machine;
        std::unique_ptr<NonVolatile> other_nonvolatile;
        std::unique_ptr<MachineTlm> other;  ///< null where the attack needs one machine
    };

    void carry_out();

    const std::uint64_t seed_;
    std::vector<Stage> stages_;
    std::vector<AttackReport> reports_;
    std::exception_ptr failure_;
};

}  // namespace coffer
