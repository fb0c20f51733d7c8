namespace StableDiffusion.Contracts.Transport;

/// <summary>What hosts of the farm are built with.</summary>
public static class HostArguments
{
    /// <summary>Settings are read once. Else the host would watch its whole working folder, and wake for every file that is written anywhere in it.</summary>
    public const string ReadSettingsOnce = "--hostBuilder:reloadConfigOnChange=false";
}
