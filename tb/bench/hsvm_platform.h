#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <systemc>

#include "aise/lpid_allocator.h"
#include "common/initiator_socket_tlm.h"
#include "hsvm/hsvm_controller_tlm.h"
#include "hsvm/hsvm_transport_tlm.h"
#include "hsvm/register_table.h"
#include "hsvm/seeded_key_source.h"
#include "memory/bus_probe_tlm.h"
#include "memory/dram_tlm.h"
#include "memory/last_level_cache_tlm.h"
#include "memory/memory_protection_tlm.h"
#include "vcpu/host_mmu_tlm.h"
#include "vcpu/walk_protocol.h"
#include "vm_table/nonvolatile.h"
#include "vm_table/vm_gate.h"

namespace coffer {

struct HsvmPlatformParameters {
    bool combined = true;  ///< configuration combined, else hsvm
    Address data_bytes = Address{1} << 30;
    Address chip_bytes = Address{32} << 20;
    unsigned vmids = 64;
    const ChipIdentity* chip = nullptr;  ///< whose VMs are attested and exchanged; null: nobody's
};

/// H-SVM controller, memory path and host MMU of a platform, and initiators for what benchmarks ask of them.
/// Delays are handed through, so that no process is needed.
class HsvmPlatform {
public:
    HsvmPlatform(const std::string& name, const HsvmPlatformParameters& parameters)
        : combined(parameters.combined),
          nonvolatile_(parameters.chip != nullptr ? parameters.chip->number() : ChipNumber(1)),
          gate_(parameters.chip != nullptr ? std::make_unique<VmGate>(lpids, nonvolatile_, *parameters.chip, claims(parameters)) : nullptr),
          protection((name + "_protection").c_str(), protection_parameters(parameters), lpids),
          llc((name + "_llc").c_str(), cache_parameters(parameters)),
          dram((name + "_dram").c_str(), {dram_bytes, sc_core::sc_time(100, sc_core::SC_NS), 12.8}, DramTraffic(protection.map(), dram_bytes)),
          probe((name + "_probe").c_str(), dram.memory()),
          hsvm((name + "_hsvm").c_str(), hsvm_parameters(parameters), {protection, llc, lpids, keys_, gate_.get()}),
          host_mmu((name + "_host_mmu").c_str(), host_mmu_parameters(parameters)),
          requests((name + "_requests").c_str()),
          transports{transport(name, HsvmTransport::microcode), transport(name, HsvmTransport::smm), transport(name, HsvmTransport::usart)},
          memory(requests.chip_socket.target(), requests.control_socket.target(), protection, lpids, {}) {
        llc.initiator_socket.bind(protection.mpe.target_socket);
        protection.mpe.initiator_socket.bind(probe.target_socket);
        probe.initiator_socket.bind(dram.target_socket);
        hsvm.chip_socket.bind(protection.mpe.chip_socket);
        hsvm.control_socket.bind(protection.mpe.control_socket);
        hsvm.memory_socket.bind(llc.target_socket);
        host_mmu.initiator_socket.bind(llc.target_socket);
        host_mmu.walk_socket.bind(hsvm.walk_socket);
        hsvm.add(host_mmu);
        requests.guest_socket.bind(llc.target_socket);
        requests.host_socket.bind(host_mmu.target_socket);
        requests.walk_socket.bind(hsvm.walk_socket);
        requests.chip_socket.bind(protection.mpe.chip_socket);
        requests.control_socket.bind(protection.mpe.control_socket);
        for (std::size_t i = 0; i != transports.size(); ++i) {
            requests.command_sockets[i].bind(transports[i]->target_socket);
            transports[i]->initiator_socket.bind(hsvm.command_socket);
        }
    }

    /// After elaboration.
    void boot() {
        protection.boot();
        hsvm.boot();
    }

    /// Accesses on the memory bus so far.
    std::uint64_t bus_accesses() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i != traffic_classes; ++i) {
            const auto traffic_class = static_cast<TrafficClass>(i);
            sum += dram.traffic().reads(traffic_class).accesses + dram.traffic().writes(traffic_class).accesses;
        }
        return sum;
    }

    /// A guest's access by machine address; false unless it is good.
    bool guest_access(tlm::tlm_command command, Vmid vmid, Address gpa, Address hpa, std::uint8_t* data, std::size_t size, sc_core::sc_time& delay) {
        guest_payload_.context.vmid = vmid;
        guest_payload_.context.mode = Mode::guest;
        guest_payload_.context.gpa = gpa;
        tlm::tlm_generic_payload& payload = guest_payload_.prepare(command, hpa, data, size);
        requests.guest_socket.b_transport(payload, delay);
        return payload.is_response_ok();
    }
    bool host_read(Address hpa, std::uint8_t* data, std::size_t size, sc_core::sc_time& delay) {
        tlm::tlm_generic_payload& payload = host_payload_.read(hpa, data, size);
        requests.host_socket.b_transport(payload, delay);
        return payload.is_response_ok();
    }
    /// A walk for a guest's page, or of VMID 0 for a machine page of the host.
    Translation walk(Vmid vmid, Address page, sc_core::sc_time& delay) {
        walk::AnswerBytes answer{};
        walk_payload_.context.vmid = vmid;
        walk_payload_.context.mode = vmid == host_vmid ? Mode::host : Mode::guest;
        requests.walk_socket.b_transport(walk_payload_.read(walk::request(page, false), answer.data(), answer.size()), delay);
        return walk::decode(answer.data());
    }

    /// An access to a register of the controller's, of 8 bytes or more; false unless it is good.
    bool command_access(HsvmTransport transport, tlm::tlm_command command, HsvmCaller caller, Vmid vmid, hsvm_registers::Register name,
                        std::uint8_t* data, sc_core::sc_time& delay) {
        const RegisterEntry& entry = hsvm_registers::entry(name);
        command_payload_.context.mode = static_cast<Mode>(caller);
        command_payload_.context.vmid = vmid;
        tlm::tlm_generic_payload& payload = command_payload_.prepare(command, entry.address, data, entry.bytes);
        requests.command_sockets[static_cast<std::size_t>(transport)].b_transport(payload, delay);
        return payload.is_response_ok();
    }

    const bool combined;

private:
    struct Requests : sc_core::sc_module {
        explicit Requests(const sc_core::sc_module_name& name)
            : sc_module(name),
              guest_socket("guest_socket"),
              host_socket("host_socket"),
              walk_socket("walk_socket"),
              chip_socket("chip_socket"),
              control_socket("control_socket") {}
        InitiatorSocket<Requests> guest_socket, host_socket, walk_socket, chip_socket, control_socket;
        std::array<InitiatorSocket<Requests>, 3> command_sockets{
            {InitiatorSocket<Requests>("microcode_socket"), InitiatorSocket<Requests>("smm_socket"), InitiatorSocket<Requests>("usart_socket")}};
    };

    static constexpr Address dram_bytes = Address{1} << 62;

    static MemoryProtectionParameters protection_parameters(const HsvmPlatformParameters& parameters) {
        MemoryProtectionParameters p;
        p.memory.data_bytes = parameters.data_bytes;
        p.memory.chip_bytes = parameters.chip_bytes;
        p.memory.scheme.encrypt = parameters.combined;
        if (!parameters.combined) p.memory.scheme.integrity = Integrity::none;
        return p;
    }
    static ProtectionClaims claims(const HsvmPlatformParameters& parameters) {
        ProtectionClaims c;
        c.configuration = parameters.combined ? ProtectionConfiguration::combined : ProtectionConfiguration::hsvm;
        return c;
    }
    static LastLevelCacheParameters cache_parameters(const HsvmPlatformParameters& parameters) {
        LastLevelCacheParameters p;
        p.memory_size = parameters.data_bytes;
        return p;
    }
    static HsvmControllerTlm::Parameters hsvm_parameters(const HsvmPlatformParameters& parameters) {
        HsvmControllerTlm::Parameters p;
        p.hsvm.vmids = parameters.vmids;
        return p;
    }
    static HostMmuParameters host_mmu_parameters(const HsvmPlatformParameters& parameters) {
        HostMmuParameters p;
        p.memory_size = parameters.data_bytes;
        return p;
    }

    static std::unique_ptr<HsvmTransportTlm> transport(const std::string& name, HsvmTransport kind) {
        HsvmTransportParameters p;
        p.kind = kind;
        p.operation_register = hsvm_registers::entry(hsvm_registers::Register::operation).address;
        return std::make_unique<HsvmTransportTlm>((name + "_transport" + std::to_string(static_cast<int>(kind))).c_str(), p);
    }

    MemoryNonVolatile nonvolatile_;
    SeededKeySource keys_{crypto::Key128({1, 2, 3, 4})};

public:
    LpidAllocator lpids{nonvolatile_};

private:
    std::unique_ptr<VmGate> gate_;

public:
    MemoryProtectionTlm protection;
    LastLevelCacheTlm llc;
    DramTlm dram;
    BusProbeTlm probe;
    HsvmControllerTlm hsvm;
    HostMmuTlm host_mmu;
    Requests requests;
    std::array<std::unique_ptr<HsvmTransportTlm>, 3> transports;  // by HsvmTransport
    /// The page commands that the controller has, for benchmarks of a part of an operation.
    HsvmMemoryTlm memory;

private:
    ContextPayload guest_payload_;
    ContextPayload host_payload_;
    ContextPayload walk_payload_;
    ContextPayload command_payload_;
};

}  // namespace coffer
