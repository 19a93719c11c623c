#pragma once

#include <map>
#include <optional>

#include "attack/evidence.h"
#include "common/bytes.h"
#include "common/units.h"
#include "platform/machine_tlm.h"

namespace coffer {

/// A guest's program on a machine: it stores and loads by guest physical addresses, and remembers what it stored.
class GuestProgram {
public:
    /// `machine` outlives the object.
    GuestProgram(MachineTlm& machine, Vmid vmid) : machine_(machine), vmid_(vmid) {}

    /// False where the machine answers with an error. In a process.
    bool store(Address gpa, ByteView data);
    /// Nothing where the machine answers with an error.
    std::optional<Bytes> load(Address gpa, std::size_t size);
    /// Loads all that was stored, and says what came.
    void look_at_everything(Evidence& evidence);

    Vmid vmid() const { return vmid_; }

private:
    bool transport(tlm::tlm_command command, Address gpa, std::uint8_t* data, std::size_t size);

    MachineTlm& machine_;
    const Vmid vmid_;
    std::map<Address, Bytes> stored_;  // by the address of a store; stores do not overlap but for the same address
};

}  // namespace coffer
