-- Forget an account's failures in a row. What its windows hold stays. → {echo}
local account = load_account(now_ms())
if account.f > 0 then
  account.f = 0
  save_account(account)
end
return {ids}
