# Generated from the flows of claims-triage: what they permit and what they must refuse.
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

# analysts>api-gateway:8080
test_permits_analysts_to_api_gateway_8080 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 2","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"GET","path":"/v1/claims/sample","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_analysts_to_api_gateway_8080 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"another port","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8081},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no request","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no token","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: another method","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"HEAD","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: another path","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: no role","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":[]}}}}},
		{"note":"operation 1: roles that the client writes","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"POST","path":"/v1/claims","host":"service.invalid"},"claims":{},"roles":["adjuster"]}},
		{"note":"operation 2: another method","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"HEAD","path":"/v1/claims/sample","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 2: another path","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"GET","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 2: no role","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"GET","path":"/v1/claims/sample","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":[]}}}}},
		{"note":"operation 2: roles that the client writes","input":{"source":{"kind":"edge"},"destination":{"name":"api-gateway","port":8080},"request":{"method":"GET","path":"/v1/claims/sample","host":"service.invalid"},"claims":{},"roles":["adjuster","auditor"]}},
	] {
		not authz.permitted with input as case.input
	}
}

# api-gateway>preprocessor:8081
test_permits_api_gateway_to_preprocessor_8081 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_api_gateway_to_preprocessor_8081 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8082},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no request","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no token","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: another method","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"GET","path":"/preprocess","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: another path","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: no role","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: roles that the client writes","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"preprocessor","port":8081},"request":{"method":"POST","path":"/preprocess","host":"service.invalid"},"claims":{},"roles":["adjuster"]}},
	] {
		not authz.permitted with input as case.input
	}
}

# api-gateway>results-db:5432
test_permits_api_gateway_to_results_db_5432 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"results-db","port":5432},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_api_gateway_to_results_db_5432 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"results-db","port":5432},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"results-db","port":5432},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway"},"destination":{"name":"results-db","port":5433},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}

# model-server>results-db:5432
test_permits_model_server_to_results_db_5432 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-sensitive/sa/model-server"},"destination":{"name":"results-db","port":5432},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_model_server_to_results_db_5432 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"results-db","port":5432},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"results-db","port":5432},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-sensitive/sa/model-server"},"destination":{"name":"results-db","port":5433},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}

# preprocessor>geocoder:443
test_permits_preprocessor_to_geocoder_443 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"geocoder","port":443},"claims":{}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_preprocessor_to_geocoder_443 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"geocoder","port":443},"claims":{}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"geocoder","port":443},"claims":{}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"geocoder","port":444},"claims":{}}},
	] {
		not authz.permitted with input as case.input
	}
}

# preprocessor>model-server:8500
test_permits_preprocessor_to_model_server_8500 if {
	every case in [
		{"note":"operation 1","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
	] {
		authz.permitted with input as case.input
	}
}

test_refuses_other_than_preprocessor_to_model_server_8500 if {
	every case in [
		{"note":"another source","input":{"source":{"kind":"workload","principal":"spiffe://nobody.invalid/ns/none/sa/none"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no source","input":{"source":{},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"another port","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8501},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no request","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"no token","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: another method","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"GET","path":"/model/infer","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: another path","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/undeclared/by/any/flow/at/all","host":"service.invalid"},"claims":{"corp":{"realm_access":{"roles":["adjuster"]}}}}},
		{"note":"operation 1: no role","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{}}},
		{"note":"operation 1: roles that the client writes","input":{"source":{"kind":"workload","principal":"spiffe://ai.example.com/ns/ai-workflow/sa/preprocessor"},"destination":{"name":"model-server","port":8500},"request":{"method":"POST","path":"/model/infer","host":"service.invalid"},"claims":{},"roles":["adjuster","ml_engineer"]}},
	] {
		not authz.permitted with input as case.input
	}
}
