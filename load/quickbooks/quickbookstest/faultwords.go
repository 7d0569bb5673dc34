package quickbookstest

import "maps"

// faultMessages are the short messages of every code that Intuit lists and
// clients of this simulator may meet.
func faultMessages() map[string]string {
	all := accessMessages()
	maps.Copy(all, valueMessages())
	maps.Copy(all, businessMessages())
	return all
}

func accessMessages() map[string]string {
	return map[string]string{
		"100": "General Authentication Error", "110": "OAuth Authentication Error", "120": "Authorization Failure",
		"130": "Wrong Cluster", "140": "Company Locked Out", "150": "Company Under Maintenance",
		"500": "Unsupported Operation", "600": "Duplicate Request Id", "610": "Object Not Found",
		"620": "Transaction Cannot Be Linked", "630": "Duplicate Object", "700": "Parent Reference Invalid",
		"800": "Cannot Delete Object", "900": "Parent Cannot Be Child",
		"1000": "Operation Failed", "1010": "Create Failed", "1020": "Update Failed",
		"1040": "Batch size exceeds allowed limit", "1050": "Invalid Content Type",
		"3001":   "message=ThrottleExceeded; errorCode=003001; statusCode=429",
		"003001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
		"3100":   "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
		"3200":   "message=AuthenticationFailed; errorCode=003200; statusCode=401",
		"3202":   "message=EmptyField; errorCode=003202; statusCode=401",
		"5000":   "Deprecated Field", "5010": "Stale Object Error", "5020": "Permission Denied Error",
		"5030": "Feature Not Supported Error", "10000": "System Fault", "10100": "Result Set Too Large", "10200": "Company Reset",
	}
}

func valueMessages() map[string]string {
	return map[string]string{
		"2000": "Invalid or unsupported object name", "2010": "Request has invalid or unsupported property",
		"2020": "Required param missing, need to supply the required value for the API", "2030": "Invalid ID",
		"2040": "Invalid String. The string contains unsupported or illegal chars",
		"2050": "String length is either shorter or longer than supported by specification",
		"2060": "Invalid Date Format", "2070": "Invalid Date", "2080": "Invalid Number Format", "2090": "Invalid Number",
		"2100": "Invalid Decimal Format", "2110": "Invalid Decimal", "2120": "Invalid Type", "2130": "Invalid Request Id",
		"2140": "Invalid Amount", "2150": "Invalid Percent", "2160": "Invalid Quantity", "2170": "Invalid Enumeration",
		"2180": "Invalid String Range", "2190": "Invalid Date Range", "2200": "Malformed Website Address",
		"2210": "Invalid Email Address format", "2220": "Invalid Currency", "2230": "Invalid Boolean",
		"2240": "Invalid Number Range", "2250": "Missing Lines", "2260": "Missing Posting Type",
		"2270": "Missing Tax Applicable On", "2280": "Missing Tax Amount",
		"2290": "Negative amounts aren't supported on transaction lines", "2300": "Debits Not Equal To Credits",
		"2500": "Invalid Reference Id", "2600": "Conflicting Elements", "3000": "Invalid Custom Field",
		"4000": "Error parsing query", "4001": "Invalid query", "4002": "Query failed",
	}
}

func businessMessages() map[string]string {
	return map[string]string{
		"6000": "A business validation error has occurred while processing your request",
		"6010": "Account Type Missing", "6020": "Content Length Missing", "6030": "Upload Too Large",
		"6040": "Invalid Upload Metadata", "6041": "Unsupported File Type", "6050": "Unsupported Entity Type",
		"6060": "Opening Balance Date Missing", "6070": "Amount is not equal to UnitPrice * Qty", "6080": "No Name Provided",
		"6090": "Discount Incomplete", "6100": "Invalid Tax Code", "6110": "Managed Transaction Cannot Be Updated",
		"6120": "Managed Transaction Cannot Be Deleted", "6140": "Duplicate Document Number Error", "6150": "Parent Required",
		"6160": "Invalid Tax Code Reference", "6170": "Invalid Tax Detail", "6180": "Sub Level Limit",
		"6190": "Invalid Company Status", "6200": "Account Period Closed",
		"6210": "Account Period Closed, Cannot Update Through Services API", "6220": "Object Has Balance",
		"6230": "Invalid Tax Code Reference On Update", "6240": "Duplicate Name Exists Error", "6250": "Invalid Customer",
		"6290": "Employee Or Vendor", "6300": "Invalid Employee Or Vendor", "6310": "Customer Missing",
		"6320": "Invalid Billable Status", "6420": "Email Address Required", "6430": "Invalid Account Type",
		"6440": "Account Or Item Missing", "6450": "Void Failed", "6470": "Tax Not Allowed", "6480": "Matched Transaction",
		"6530": "Raw Credit Card Number", "6540": "Deposited Transaction Cannot Be Changed",
	}
}
