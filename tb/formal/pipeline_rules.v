// A pipeline moves on as long as its end does.
module pipeline_rules (input wire started, input wire [10:0] filled, input wire [7:0] in_flight, input wire [7:0] starved, output wire [7:0] held);
    function automatic [7:0] count(input [10:0] bits);
        integer i;
        begin
            count = 0;
            for (i = 0; i < 11; i = i + 1) count = count + bits[i];
        end
    endfunction

    assign held = count(filled);
    // One of those that somebody waits for has come at least as far as the wait is long.
    wire [10:0] far = filled >> starved;
    always @(*) if (started) begin
        moves_on: assert (in_flight == 0 || far != 0);
    end
endmodule
