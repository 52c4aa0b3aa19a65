# Generated from the flows of desk: what they permit and what they must refuse.
package ringfence.authz_test

import data.ringfence.authz

test_nothing_is_permitted_without_input if {
	not authz.allow with input as {}
	not authz.permitted with input as {}
}

test_a_principal_of_nobody_is_refused if {
	request := {"source": {"kind": "workload", "principal": "spiffe://nobody.invalid/ns/none/sa/none"}}
	not authz.permitted with input as request
}

# desk>engine:8000
test_permits_desk_to_engine_8000 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://desk.example/ns/front/sa/desk"},"destination":{"name":"engine","port":8000},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_desk_to_engine_8000 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"engine","port":8000},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"engine","port":8000},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://desk.example/ns/front/sa/desk"},"destination":{"name":"engine","port":8001},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}

# engine>weather:443
test_permits_engine_to_weather_443 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://desk.example/ns/back/sa/engine"},"destination":{"name":"weather","port":443},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_engine_to_weather_443 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"weather","port":443},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"weather","port":443},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://desk.example/ns/back/sa/engine"},"destination":{"name":"weather","port":444},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}

# people>desk:8080
test_permits_people_to_desk_8080 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_people_to_desk_8080 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"another port","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8081},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no request","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no token","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: another method","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"HEAD","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"operation 1: another path","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"operation 1: no role","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{"staff":{"roles":[]}}}},
		{"note":"operation 1: roles that the client writes","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":8080},"request":{"method":"GET","path":"/ask","host":"service.invalid"},"claims":{},"roles":["agent"]}},
	] {
		not authz.permitted with input as case.input
	}
}

# people>desk:9000
test_permits_people_to_desk_9000 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_people_to_desk_9000 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"another port","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9001},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no request","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"no token","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: another method","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"GET","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"operation 1: another path","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"staff":{"roles":["agent"]}}}},
		{"note":"operation 1: no role","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{"staff":{"roles":[]}}}},
		{"note":"operation 1: roles that the client writes","input":{"source":{"kind":"edge"},"destination":{"name":"desk","port":9000},"request":{"method":"POST","path":"/desk.v1.Questions/Ask","host":"service.invalid"},"claims":{},"roles":["agent"]}},
	] {
		not authz.permitted with input as case.input
	}
}

# visitors>engine:8000
test_permits_visitors_to_engine_8000 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"edge"},"destination":{"name":"engine","port":8000},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_visitors_to_engine_8000 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"engine","port":8000},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"engine","port":8000},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"edge"},"destination":{"name":"engine","port":8001},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}
