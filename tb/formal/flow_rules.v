// What a block takes it holds until it gives an answer to it, nothing else, and not for long. `held`: what its state says that it holds, in parts of an answer.
module flow_rules #(parameter PARTS = 1, parameter LONGEST = 1) (
    input wire clk, input wire rst_n, input wire takes, input wire out_valid, input wire out_ready, input wire [7:0] held,
    output wire started,            // the state is one after a reset
    output reg [7:0] in_flight,     // taken and not yet answered
    output reg [7:0] starved        // cycles since somebody waits for an answer
);
    // In reset in the first cycle, and whenever after.
    reg first = 1;
    always @(posedge clk) first <= 0;
    always @(*) if (first) assume (!rst_n);
    assign started = !first;

    always @(posedge clk) begin
        if (!rst_n) in_flight <= 0;
        else in_flight <= in_flight + takes - (out_valid && out_ready);
        if (rst_n && in_flight != 0 && out_ready && !out_valid) starved <= starved + 1;
        else starved <= 0;
    end

    always @(*) if (started) begin
        nothing_lost: assert (PARTS * in_flight == held);
        nothing_from_nothing: assert (!out_valid || in_flight != 0);
        answers_in_time: assert (starved <= LONGEST);
        an_answer: cover (rst_n && out_valid && out_ready);
    end
endmodule
