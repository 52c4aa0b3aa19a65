/**
 * Rules and what compiling them has to say: the first code with its line (the first rule stands in line 3), or nothing.
 * The engine tests ask the real OPA the same.
 */
export interface CompileCase {
  readonly rules: string;
  readonly refused?: `rego_${string}:${number}`;
}

const TYPE = "rego_type_error:3";

export const COMPILE_CASES: Readonly<Record<string, CompileCase>> = {
  // Unification
  "scalars of two types": { rules: 'r if 1 == "a"', refused: TYPE },
  "scalars of one type": { rules: "r if 1 == 2" },
  "arrays of two lengths": { rules: "r if [1, 2] == [1]", refused: TYPE },
  "objects of two keys": { rules: 'r if {"a": 1} == {"b": 1}', refused: TYPE },
  "sets of two types": { rules: 'r if {1} == {"a"}', refused: TYPE },
  "sets, one of them empty": { rules: "r if {1} == set()" },
  "through a variable": { rules: 'r if { x := 1; x == "a" }', refused: TYPE },
  "through an element": { rules: 'r if { some x in [1, 2]; x == "a" }', refused: TYPE },
  "through one of two types": { rules: 'r if { some x in [1, "a"]; x == "b" }' },
  "with neither of two types": { rules: 'r if { some x in [1, "a"]; x == null }', refused: TYPE },
  "through a pattern": { rules: 'r if { [x, _] := [1, "a"]; x == "a" }', refused: TYPE },
  "of an object's value": { rules: 'r if { {"a": x} = {"a": 1}; x == "a" }', refused: TYPE },
  "through a function": { rules: 'f(_) := 1\nr if f(2) == "a"', refused: "rego_type_error:4" },
  "through one of two functions": { rules: 'f(1) := 1\nf(2) := "a"\nr if f(input) == "a"' },
  "through another rule": { rules: 'q := {"a": 1}\nr if q.a == "b"', refused: "rego_type_error:4" },
  "through a default": { rules: 'default q := "a"\nq := 1 if input\nr if q == "b"' },
  "through an else": { rules: 'q := 1 if { input } else := "a"\nr if q == "b"' },
  "through a partial set": { rules: 'q contains 1\nr if { some x in q; x == "a" }', refused: "rego_type_error:4" },
  "through a partial object": { rules: 'q[k] := 1 if some k in ["a"]\nr if q.b == "a"', refused: "rego_type_error:4" },
  "through a general reference": {
    rules: 'q[k].n := 1 if some k in ["a"]\nr if q.b.n == "a"',
    refused: "rego_type_error:4",
  },
  "under a plain `not`": { rules: 'r if not 1 == "a"', refused: TYPE },
  "in a closure of `not`": { rules: 'import rego.v2\nr if { not { 1 == "a" } }' },
  "in `every`": { rules: 'r if every x in [1] { x == "a" }' },
  "in a comprehension": { rules: 'r := [1 | 1 == "a"]', refused: TYPE },
  "in a comprehension in `every`": { rules: 'r if every x in [1] { x in [1 | 1 == "a"] }', refused: TYPE },
  "of a comprehension": { rules: 'r if { some x in [1 | true]; x == "a" }', refused: TYPE },
  "with unknown input": { rules: "r if input.x == input.y" },
  "of two references into nothing known": { rules: "r if data.a[_] == data.b[_]" },
  // References
  "index of an array": { rules: "r := [1, 2][2]", refused: TYPE },
  "key of an array": { rules: 'r := [1, 2]["0"]', refused: TYPE },
  "index with a fraction": { rules: "r := [1, 2][1.0]", refused: TYPE },
  "key of an object": { rules: 'q := {"a": 1}\nr := q.b', refused: "rego_type_error:4" },
  "step into a number": { rules: "q := 1\nr := q.a", refused: "rego_type_error:4" },
  "step into what may be an object": { rules: 'q := 1 if input\nq := {"a": 1} if not input\nr := q.a' },
  "member of a set": { rules: 'q contains 1\nr := q["a"]', refused: "rego_type_error:4" },
  "unknown rule": { rules: "r := data.t.nothing.here" },
  "key variable of a document": { rules: "r if { data[x]; x == 1 }", refused: "rego_recursion_error:3" },
  "number as a name": { rules: "q := 1\nr := data[1]", refused: "rego_type_error:4" },
  "element of an empty array": { rules: "r := [][0]", refused: TYPE },
  "iterating an empty array": { rules: "r if [][_]" },
  "function without a call": { rules: "f(x) := x\nr := f", refused: "rego_type_error:4" },
  "index variable": { rules: 'r if { [1][i]; i == "a" }', refused: TYPE },
  "undefined in a comprehension of a comprehension": {
    rules: "r := [1 | v := input.a; count([2 | w := [v | true][0]; w > 1]) > 0]",
    refused: TYPE,
  },
  // Calls
  argument: { rules: "r := count(1)", refused: TYPE },
  "argument of one of its types": { rules: 'r := count("a")' },
  "argument in a variable": { rules: "r if { x := 1; upper(x) }", refused: TYPE },
  "members of an argument": { rules: 'r := sum([1, "a"])', refused: TYPE },
  "unknown member of an argument": { rules: "r := sum([1, input.x])" },
  "argument of one's own function": { rules: 'f(x) := x + 1\nr := f("a")', refused: "rego_type_error:4" },
  "argument beside a pattern": { rules: 'f("a") := 1\nr := f(2)', refused: "rego_type_error:4" },
  "argument with a default": { rules: 'default f(_) := 0\nf("a") := 1\nr := f(2)' },
  "result of a call": { rules: 'r if upper("a") == 1', refused: TYPE },
  "`in` that never holds": { rules: 'r := "a" in [1]', refused: TYPE },
  "`in` that may hold": { rules: 'r := "a" in [1, input]' },
  "key that never is": { rules: 'r := ("a", 1 in [1])', refused: TYPE },
  "argument after a template string that uses it": { rules: 'r if { x := 1; [$"{x}", upper(x)] }' },
  "argument before a template string that uses it": { rules: 'r if { x := 1; [upper(x), $"{x}"] }', refused: TYPE },
  "argument beside a template string in a set": { rules: 'r if { x := 1; {upper(x), $"{x}"} }' },
  "argument beside a template string in an object": { rules: 'r if { x := 1; {upper(x): 1, $"{x}": 2} }' },
  // `with`
  "replaced input": { rules: 'r if input.x == "a" with input.x as 1' },
  "replaced document of a known type": { rules: 'q := 1\nr if q == "a" with data.t.q as "a"' },
  "rule that reads a replaced document": { rules: 'q := 1\np := q\nr if p == "a" with data.t.q as "a"' },
  "function of another arity": { rules: "f(x) := x\nr if f(1) with f as regex.match", refused: "rego_type_error:4" },
  "function of another argument type": {
    rules: "f(x) := x + 1\nr if f(1) with f as count",
    refused: "rego_type_error:4",
  },
  "function by a value": { rules: "f(x) := x + 1\nr if f(1) with f as 2" },
  "function replaced around `every`": {
    rules: "f(x) := x\nr if every x in [1] { f(x) > 0 } with f as 1",
    refused: "rego_type_error:4",
  },
  // Order of stages
  "arity before safety": { rules: "r if x > count(1, 2, 3)", refused: TYPE },
  "undeclared before undefined": {
    rules: 'r := $"{input[_]}" if nothing(1)',
    refused: "rego_compile_error:3",
  },
  "safety before types": { rules: 'r if 1 == "a"\nq if x > 1', refused: "rego_unsafe_var_error:4" },
  "recursion through a variable": { rules: "r.a := 1 if r[input.x]", refused: "rego_recursion_error:3" },
  "no recursion through a variable that is a constant": { rules: 'r.a := 1 if { x := "b"; r[x] }\nr.b := 1' },
  "no recursion through a variable of few values": {
    rules: 'r.a := 1 if { some x in ["b", "c"]; r[x] }\nr.b := 1',
  },
  "recursion through one of few values": {
    rules: 'r.a := 1 if { some x in ["b", "a"]; r[x] }\nr.b := 1',
    refused: "rego_recursion_error:3",
  },
  "recursion before types": { rules: 'r if { 1 == "a"; r }', refused: "rego_recursion_error:3" },
  // Safety
  "bracket under a closure `not` without braces": {
    rules: "import rego.v2\nr if not input[_]",
    refused: "rego_unsafe_var_error:4",
  },
  "bracket under a closure `not` with braces": { rules: "import rego.v2\nr if { not { input[_] } }" },
  "variable of an operand without braces": {
    rules: "import rego.v2\nr if { input.a or input[x] }",
    refused: "rego_unsafe_var_error:4",
  },
  "variable of a comprehension in a template string": {
    rules: 'r := $"{[x | x := y]}"',
    refused: "rego_unsafe_var_error:3",
  },
  "variable of `every` in a template string": {
    rules: 'r := $"{[1 | every k in input { k > w }]}"',
    refused: "rego_unsafe_var_error:3",
  },
  "set as a pattern": { rules: "r if input.x = {y}", refused: "rego_unsafe_var_error:3" },
  "set as a pattern in an array": { rules: "r if input.x = [{y}]" },
  "bracket with a variable of the closure beside it": {
    rules: "r if { x := input.y; [[1 | x + x], input[x]] }",
    refused: "rego_unsafe_var_error:3",
  },
  "variable of an expression with a closure, used elsewhere": {
    rules: "r := count(y) if { x := input.x; [[y], [1 | x == 1]] }",
    refused: "rego_unsafe_var_error:3",
  },
  "variable of a closure's head that OPA overlooks in its body": {
    rules: 'r := [y | x := input.x; {"a": y} = [x | true]]',
    refused: TYPE,
  },
  "argument pattern in a closure": {
    rules: 'f({"a": x}) := 1 if { {"a": y} = [z | z = x] }',
    refused: "rego_unsafe_var_error:3",
  },
};
