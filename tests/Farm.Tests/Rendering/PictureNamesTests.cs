using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Farm.Rendering;

namespace StableDiffusion.Farm.Tests.Rendering;

public sealed class PictureNamesTests
{
    [Fact]
    public void Name_is_the_seed_and_the_prompt() =>
        Assert.Equal("42-a-red-circle.png", PictureNames.Of(Image("a red circle", 42), []));

    [Fact]
    public void Settings_of_the_command_keep_their_pictures_apart() =>
        Assert.Equal("42-a-red-circle-steps-50.png", PictureNames.Of(Image("a red circle", 42), ["steps 50"]));

    [Theory]
    [InlineData("A red circle")]
    [InlineData("a red circle!")]
    [InlineData("a  red circle")]
    public void Prompts_whose_letters_are_the_same_have_names_of_their_own(string prompt)
    {
        string slug = PictureNames.Slug(prompt);
        Assert.Matches("^a-red-circle-[0-9a-f]{6}$", slug);
        Assert.Equal(slug, PictureNames.Slug(prompt));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("红色的圆")]
    [InlineData("")]
    public void Any_prompt_gives_a_plain_file_name(string prompt) =>
        Assert.Matches("^[a-z0-9][a-z0-9-]*$", PictureNames.Slug(prompt) + "x");

    [Fact]
    public void Long_prompts_that_begin_alike_have_names_of_their_own()
    {
        string start = string.Join(' ', Enumerable.Repeat("circle", 40));
        Assert.NotEqual(PictureNames.Slug(start + " red"), PictureNames.Slug(start + " blue"));
        Assert.True(PictureNames.Slug(start).Length <= 70);
    }

    [Fact]
    public void However_much_is_set_the_name_is_one_that_a_disk_takes_and_its_own()
    {
        string[] options = [.. Enumerable.Range(0, 20).Select(i => $"option {i} {new string('x', 50)}")];
        string name = PictureNames.Of(Image(new string('p', 500), 42), options);
        Assert.True(name.Length < 240, name);
        Assert.NotEqual(name, PictureNames.Of(Image(new string('p', 500), 42), [.. options, "steps 50"]));
    }

    private static ImageResponse Image(string prompt, long seed) => new()
    {
        Id = Guid.NewGuid(),
        BatchId = Guid.NewGuid(),
        Index = 0,
        State = ImageState.Succeeded,
        Settings = new ImageSettings { Model = "m", Prompt = prompt, NegativePrompt = "", Seed = seed, Steps = 20, CfgScale = 7, Width = 64, Height = 64, SamplerName = "Euler" },
        Step = 20,
        Steps = 20,
        Attempts = 1,
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
