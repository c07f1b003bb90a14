package catalog

// originals are the names that policies of the original have for operations, and ours for the same. What is not here has
// none.
func originals() map[string]string {
	const gateway, userCenter = "/gateway.v1.Gateway/", "/usercenter.v1.UserCenter/"
	return map[string]string{
		"get-idempotency-token": gateway + "GetIdempotentToken",
		"create-minerset":       gateway + "CreateMinerSet",
		"delete-minerset":       gateway + "DeleteMinerSet",
		"get-minerset":          gateway + "GetMinerSet",
		"list-minersets":        gateway + "ListMinerSet",
		"scale-minerset":        gateway + "ScaleMinerSet",
		"get-miner":             gateway + "GetMiner",
		"list-miners":           gateway + "ListMiner",

		"login":           userCenter + "Login",
		"logout":          userCenter + "Logout",
		"refresh-token":   userCenter + "RefreshToken",
		"authenticate":    userCenter + "Authenticate",
		"authorize":       userCenter + "Authorize",
		"auth":            userCenter + "Auth",
		"create-user":     userCenter + "CreateUser",
		"list-users":      userCenter + "ListUser",
		"get-user":        userCenter + "GetUser",
		"update-user":     userCenter + "UpdateUser",
		"change-password": userCenter + "UpdatePassword",
		"delete-user":     userCenter + "DeleteUser",
		"create-secret":   userCenter + "CreateSecret",
		"list-secrets":    userCenter + "ListSecret",
		"get-secret":      userCenter + "GetSecret",
		"update-secret":   userCenter + "UpdateSecret",
		"delete-secret":   userCenter + "DeleteSecret",
	}
}
