// A DRAM of the TLM level behind an initiator: one line written, read back, and how long that took.
#include <array>
#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>

#include "memory/address_map.h"
#include "memory/dram_tlm.h"

namespace {

using Line = std::array<unsigned char, coffer::line_bytes>;

class Writer : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<Writer> initiator_socket{"initiator_socket"};

    explicit Writer(const sc_core::sc_module_name& name) : sc_module(name) {}

    tlm::tlm_response_status access(tlm::tlm_command command, coffer::Address address, Line& line, sc_core::sc_time& delay) {
        tlm::tlm_generic_payload payload;
        payload.set_command(command);
        payload.set_address(address);
        payload.set_data_ptr(line.data());
        payload.set_data_length(static_cast<unsigned>(line.size()));
        payload.set_streaming_width(static_cast<unsigned>(line.size()));
        initiator_socket->b_transport(payload, delay);
        return payload.get_response_status();
    }
};

}  // namespace

int sc_main(int, char**) {
    const coffer::AddressMap map(coffer::Address{1} << 20, 0, 16);
    coffer::DramParameters parameters;
    parameters.size = map.tree_base();
    parameters.latency = sc_core::sc_time(50, sc_core::SC_NS);
    coffer::DramTlm dram("dram", parameters, coffer::DramTraffic(map, map.tree_base()));
    Writer writer("writer");
    writer.initiator_socket.bind(dram.target_socket);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);

    Line written;
    written.fill(0x5a);
    Line read{};
    sc_core::sc_time delay;
    const bool answered = writer.access(tlm::TLM_WRITE_COMMAND, 0x1000, written, delay) == tlm::TLM_OK_RESPONSE &&
                          writer.access(tlm::TLM_READ_COMMAND, 0x1000, read, delay) == tlm::TLM_OK_RESPONSE;
    const bool refused = writer.access(tlm::TLM_READ_COMMAND, parameters.size, read, delay) == tlm::TLM_ADDRESS_ERROR_RESPONSE;
    return answered && refused && read == written && delay >= 2 * parameters.latency ? 0 : 1;
}
