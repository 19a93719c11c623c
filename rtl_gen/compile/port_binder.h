#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

namespace coffer::rtl_gen {

/// Binds every port of a module to a signal of its own, so that the module can be elaborated alone.
/// Throws std::logic_error for a port of a type that no block has: bool, sc_uint of up to 16 bits or of 32 or 64, sc_biguint of a multiple of 32 bits up to 512.
class PortBinder {
public:
    explicit PortBinder(sc_core::sc_module& module) {
        for (sc_core::sc_object* object : module.get_child_objects()) {
            if (dynamic_cast<sc_core::sc_port_base*>(object) != nullptr) bind(*object);
        }
    }

private:
    template <class T>
    bool bind_as(sc_core::sc_object& object) {
        auto* const input = dynamic_cast<sc_core::sc_in<T>*>(&object);
        auto* const output = dynamic_cast<sc_core::sc_out<T>*>(&object);
        if (input == nullptr && output == nullptr) return false;
        auto signal = std::make_unique<sc_core::sc_signal<T>>((std::string("signal_") + object.basename()).c_str());
        if (input != nullptr) {
            input->bind(*signal);
        } else {
            output->bind(*signal);
        }
        signals_.push_back(std::move(signal));
        return true;
    }

    template <int... index>
    bool bind_number(sc_core::sc_object& object, std::integer_sequence<int, index...>) {
        return (bind_as<sc_dt::sc_uint<index + 1>>(object) || ...);
    }

    template <int... index>
    bool bind_wide_number(sc_core::sc_object& object, std::integer_sequence<int, index...>) {
        return (bind_as<sc_dt::sc_biguint<32 * (index + 1)>>(object) || ...);
    }

    void bind(sc_core::sc_object& object) {
        const bool bound = bind_as<bool>(object) || bind_number(object, std::make_integer_sequence<int, 16>{}) ||
                           bind_as<sc_dt::sc_uint<32>>(object) || bind_as<sc_dt::sc_uint<64>>(object) ||
                           bind_wide_number(object, std::make_integer_sequence<int, 16>{});
        if (!bound) throw std::logic_error(std::string("no signal type for port ") + object.name());
    }

    std::vector<std::unique_ptr<sc_core::sc_object>> signals_;
};

}  // namespace coffer::rtl_gen
